using System.Globalization;

namespace Freezer.Cli;

/// <summary>Says for people what an exception is about.</summary>
internal static class Failure
{
    private const string ParameterSuffix = " (Parameter '";

    /// <summary>What the library calls its options, and how they are called here.</summary>
    private static readonly (string Property, string Option)[] _options =
    [
        ("RestoreOptions.Overwrite", "--overwrite"),
        ("RestoreOptions.SkipDamaged", "--skip-damaged"),
        ("ReaderLimits.MostContent", "--most-content"),
    ];

    internal static string Describe(Exception exception) => _options.Aggregate(
        DescribeAsTold(exception), static (text, option) => text.Replace(option.Property, option.Option, StringComparison.Ordinal));

    private static string DescribeAsTold(Exception exception) => exception switch
    {
        OperationCanceledException => $"It was broken off: {WithRootCause(exception)}",
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
        string cause = RootCause(exception).Message;
        return exception.Message.Contains(cause, StringComparison.Ordinal) ? exception.Message : $"{exception.Message} ({cause})";
    }

    /// <summary>The deepest cause that says something: below it libraries have exceptions whose message is but the name of their type.</summary>
    private static Exception RootCause(Exception exception)
    {
        Exception deepest = exception;
        for (Exception? cause = exception.InnerException; cause is not null; cause = cause.InnerException)
        {
            deepest = cause.Message.Contains($"'{cause.GetType()}'", StringComparison.Ordinal) ? deepest : cause;
        }

        return deepest;
    }
}
