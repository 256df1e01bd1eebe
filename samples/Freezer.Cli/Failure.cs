using System.Globalization;

namespace Freezer.Cli;

/// <summary>Says for people what an exception is about.</summary>
internal static class Failure
{
    private const string ParameterSuffix = " (Parameter '";

    internal static string Describe(Exception exception) => exception switch
    {
        OperationCanceledException => "It was cancelled.",
        ArgumentException => WithoutParameter(exception.Message),
        IOException or UnauthorizedAccessException or NotSupportedException or FormatException => WithRootCause(exception),
        _ => string.Create(CultureInfo.InvariantCulture, $"Something went wrong that should not have ({exception.GetType().Name}): {WithRootCause(exception)}"),
    };

    /// <summary>A person knows no parameters: what was given is in the message.</summary>
    private static string WithoutParameter(string message)
    {
        int suffix = message.IndexOf(ParameterSuffix, StringComparison.Ordinal);
        return suffix < 0 ? message : message[..suffix];
    }

    private static string WithRootCause(Exception exception)
    {
        string cause = exception.GetBaseException().Message;
        return exception.Message.Contains(cause, StringComparison.Ordinal) ? exception.Message : $"{exception.Message} ({cause})";
    }
}
