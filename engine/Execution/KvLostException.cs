namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// Thrown by an executor that has lost keys and values. No answer fails: the scheduler recomputes all sequences from their tokens. An
/// executor that cannot continue at all must throw <see cref="ExecutorException"/> instead, because the scheduler retries without limit.
/// </summary>
public sealed class KvLostException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What was lost and why, for the log.</param>
    /// <param name="innerException">The cause, if any.</param>
    public KvLostException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
