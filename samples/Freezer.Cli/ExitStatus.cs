namespace Freezer.Cli;

/// <summary>What the program tells its caller; part of its contract.</summary>
internal static class ExitStatus
{
    internal const int Complete = 0;
    internal const int Failed = 1;
    internal const int WrongUsage = 2;
    internal const int CompleteWithSkips = 3;
    internal const int CompleteWithDegradedMirror = 4;
}
