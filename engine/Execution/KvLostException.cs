namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// Thrown by an executor that has lost keys and values: no answer fails, all sequences are computed again from their tokens. An executor
/// that cannot go on at all throws <see cref="ExecutorException"/> instead, since the scheduler tries as often as this is thrown.
/// </summary>
public sealed class KvLostException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What was lost and why, for the log.</param>
    /// <param name="innerException">The cause, where there is one.</param>
    public KvLostException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
