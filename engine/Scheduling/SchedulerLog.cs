using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>What the scheduler and the engine write to the log.</summary>
internal static partial class SchedulerLog
{
    [LoggerMessage(1, LogLevel.Error, "A step of {Sequences} sequences and {Tokens} tokens failed; their answers end with an error.")]
    public static partial void StepFailed(ILogger logger, int sequences, int tokens, Exception fault);

    [LoggerMessage(2, LogLevel.Error, "No token could be drawn at position {Position} (token id {Id}); the answer ends with an error.")]
    public static partial void NoToken(ILogger logger, int id, int position);

    [LoggerMessage(3, LogLevel.Critical, "The engine's loop failed; everything that waits or runs ends with an error.")]
    public static partial void LoopFailed(ILogger logger, Exception fault);

    [LoggerMessage(4, LogLevel.Warning, "Keys and values were lost; {Sequences} sequences are computed again.")]
    public static partial void KvLost(ILogger logger, int sequences, Exception fault);
}
