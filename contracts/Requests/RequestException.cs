
namespace HunyuanOrleans.Contracts.Requests;

/// <summary>
/// A request asks for something that is not allowed or can never be served. The message names the parameter, its value and what is allowed.
/// </summary>
public sealed class RequestException : HunyuanException
{
    /// <summary>Creates the error.</summary>
    /// <param name="parameter">Name of the parameter at fault, as API users write it (<c>top_p</c>).</param>
    /// <param name="message">What is wrong and what is allowed; shown to users as it is.</param>
    public RequestException(string parameter, string message)
        : base(message)
        => Parameter = parameter;

    /// <summary>Name of the parameter at fault, as API users write it.</summary>
    public string Parameter { get; }

    /// <summary>The error for a value outside its range.</summary>
    /// <param name="parameter">Name of the parameter at fault.</param>
    /// <param name="value">What was given.</param>
    /// <param name="allowed">What may be given, in words.</param>
    /// <param name="subject">What of the parameter is out of range; null for its value.</param>
    public static RequestException NotAllowed(string parameter, object? value, string allowed, string? subject = null)
        => new(parameter, FormattableString.Invariant($"{subject ?? parameter} is {value}; allowed: {allowed}."));
}
