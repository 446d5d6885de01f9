using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>The log messages of the scheduler and the engine loop.</summary>
internal static partial class SchedulerLog
{
    [LoggerMessage(1, LogLevel.Error, "A step of {Sequences} sequences and {Tokens} tokens failed. Their answers ended with an error.")]
    public static partial void StepFailed(ILogger logger, int sequences, int tokens, Exception exception);

    [LoggerMessage(2, LogLevel.Error, "No token could be drawn at position {Position} (token id {Id}). The answer ended with an error.")]
    public static partial void NoTokenDrawn(ILogger logger, int id, int position);

    [LoggerMessage(3, LogLevel.Critical, "The engine's loop failed. All waiting and running answers ended with an error.")]
    public static partial void LoopFailed(ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "Keys and values were lost. {Sequences} sequences will be recomputed.")]
    public static partial void KvLost(ILogger logger, int sequences, Exception exception);
}
