using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// Thrown by an executor that knows what went wrong: answers end with its message, which is shown to users as it is. The message of any
/// other exception goes to the log only.
/// </summary>
public sealed class ExecutorException : ModelException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What went wrong and what a user can do; no names of machines, no details of the system.</param>
    /// <param name="affectsAll">True where nothing can be computed for now: everything that runs or waits ends. False: only the answers of
    /// this step do.</param>
    public ExecutorException(string message, bool affectsAll = false)
        : base(message)
        => AffectsAll = affectsAll;

    /// <summary>Creates the error with its cause, which is for logs only.</summary>
    /// <param name="message">What went wrong and what a user can do.</param>
    /// <param name="affectsAll">True where everything that runs or waits ends.</param>
    /// <param name="innerException">The cause.</param>
    public ExecutorException(string message, bool affectsAll, Exception innerException)
        : base(message, innerException)
        => AffectsAll = affectsAll;

    /// <summary>True where everything that runs or waits ends with this error; false where only the answers of the failed step do.</summary>
    public bool AffectsAll { get; }
}
