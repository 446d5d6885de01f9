using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Hosting;

/// <summary>
/// Writes log records as one line each. While the silo starts, it leaves out the stack traces of host and runtime and what they say about a failed start:
/// the process prints the reason itself, once, as its last line. If the default level (Logging:LogLevel:Default) is debug or trace, it leaves out nothing.
/// </summary>
/// <param name="phase">Tells when the start is over.</param>
/// <param name="time">The clock.</param>
/// <param name="filters">The log levels.</param>
internal sealed class StartLog(StartPhase phase, TimeProvider time, IOptions<LoggerFilterOptions> filters)
    : ConsoleFormatter(FormatterName)
{
    /// <summary>The formatter's name in the options of the console.</summary>
    public const string FormatterName = "hunyuan-silo";

    private const string Own = "HunyuanOrleans", Host = "Microsoft.Extensions.Hosting", Runtime = "Orleans";

    private readonly bool _leavesOut = DefaultLevel(filters.Value) > LogLevel.Debug;

    // Parts of the runtime go on for a moment after the host has given up, and report that services are gone.
    private volatile bool _failed;

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        bool starting = !phase.IsOver && _leavesOut && !entry.Category.StartsWith(Own, StringComparison.Ordinal);
        bool isHost = entry.Category.StartsWith(Host, StringComparison.Ordinal);
        if (starting && (_failed || entry.Exception?.GetBaseException() is SiloStartException
            || (entry.LogLevel >= LogLevel.Error && (isHost || entry.Category.StartsWith(Runtime, StringComparison.Ordinal)))))
        {
            _failed |= isHost;
            return;
        }

        string? fault = entry.Exception is null ? null : starting ? Reason(entry.Exception) : entry.Exception.ToString();
        string line = $"{time.GetUtcNow():HH:mm:ss.fff} {Label(entry.LogLevel)}: {entry.Category}[{entry.EventId.Id}] {entry.Formatter(entry.State, entry.Exception)} {fault}";
        textWriter.WriteLine(line.TrimEnd().ReplaceLineEndings(" "));
    }

    /// <summary>What went wrong, as one line without stack traces.</summary>
    public static string Reason(Exception fault)
    {
        // Orleans puts whole stack traces into messages.
        IEnumerable<string> lines = fault.Message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(static line => !line.StartsWith("at ", StringComparison.Ordinal) && !line.StartsWith("--- End of", StringComparison.Ordinal));
        return string.Join(' ', lines);
    }

    // The last rule counts, as in Microsoft's loggers.
    private static LogLevel DefaultLevel(LoggerFilterOptions filters) => filters.Rules
        .LastOrDefault(static rule => rule is { ProviderName: null, CategoryName: null, LogLevel: not null })?.LogLevel ?? filters.MinLevel;

    private static string Label(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}

/// <summary>Whether the silo is still starting. The host's lifetime cannot tell the log, because it logs itself.</summary>
internal sealed class StartPhase
{
    private volatile bool _isOver;

    /// <summary>True once the silo is up.</summary>
    public bool IsOver => _isOver;

    /// <summary>Ends the phase.</summary>
    public void End() => _isOver = true;
}
