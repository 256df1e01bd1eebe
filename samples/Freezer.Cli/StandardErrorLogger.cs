using Microsoft.Extensions.Logging;

namespace Freezer.Cli;

/// <summary>Writes the library's log messages to standard error, one a line.</summary>
internal sealed class StandardErrorLogger : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            string cause = exception is null ? "" : $": {exception.Message}";
            Console.Error.WriteLine(PeopleText.Printable($"{logLevel}: {formatter(state, exception)}{cause}"));
        }
    }
}
