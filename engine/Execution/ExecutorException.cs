using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// Thrown by an executor for a failure that users may be told about: their answers end with this message. The messages of other
/// exceptions go to the log only.
/// </summary>
public sealed class ExecutorException : ModelException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What went wrong and what a user can do, without machine names or details of the system.</param>
    /// <param name="affectsAll">True if nothing can be computed for now, so all running and waiting answers end. False if only the
    /// answers of the failed step end.</param>
    public ExecutorException(string message, bool affectsAll = false)
        : base(message)
        => AffectsAll = affectsAll;

    /// <summary>Creates the error with its cause, which only the log shows.</summary>
    /// <param name="message">What went wrong and what a user can do, without machine names or details of the system.</param>
    /// <param name="affectsAll">True if all running and waiting answers end.</param>
    /// <param name="innerException">The cause.</param>
    public ExecutorException(string message, bool affectsAll, Exception innerException)
        : base(message, innerException)
        => AffectsAll = affectsAll;

    /// <summary>The adapter that could not be used: of the failed step, only answers with it end, and the others are computed again. Null: all of them end.</summary>
    public IAdapter? Adapter { get; init; }

    /// <summary>True if all running and waiting answers end with this error; false if only those of the failed step do.</summary>
    public bool AffectsAll { get; }
}
