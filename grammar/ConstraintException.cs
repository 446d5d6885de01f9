namespace HunyuanOrleans.Grammar;

/// <summary>
/// The exception for a constraint that is malformed, too complex or impossible to satisfy, or that an answer violates. The message
/// states what is wrong and what is allowed, and may be shown to users unchanged.
/// </summary>
public sealed class ConstraintException : Exception
{
    /// <summary>Initializes the exception.</summary>
    /// <param name="parameter">Name of the request parameter at fault, as API users write it (<c>response_format</c>).</param>
    /// <param name="message">What is wrong and what is allowed.</param>
    public ConstraintException(string parameter, string message)
        : base(message)
        => Parameter = parameter;

    /// <summary>Name of the request parameter at fault, as API users write it.</summary>
    public string Parameter { get; }
}
