namespace HunyuanOrleans.Contracts.Requests;

/// <summary>A request is invalid or can never be served. The message names the parameter, its value and what is allowed.</summary>
public sealed class RequestException : HunyuanException
{
    /// <summary>Creates the error.</summary>
    /// <param name="parameter">Name of the wrong parameter in the HTTP API, such as <c>top_p</c>.</param>
    /// <param name="message">What is wrong and what is allowed, for users.</param>
    public RequestException(string parameter, string message)
        : base(message)
        => Parameter = parameter;

    /// <summary>Name of the wrong parameter in the HTTP API.</summary>
    public string Parameter { get; }

    /// <summary>True if prompt and answer need more tokens than the model's context or the KV pool holds.</summary>
    public bool IsTooLong { get; init; }

    /// <summary>Creates the error of a value outside its range.</summary>
    /// <param name="parameter">Name of the wrong parameter.</param>
    /// <param name="value">The value.</param>
    /// <param name="allowed">The allowed values, in words.</param>
    /// <param name="subject">The part of the parameter that is out of range; null for the parameter itself.</param>
    public static RequestException NotAllowed(string parameter, object? value, string allowed, string? subject = null)
        => new(parameter, $"{subject ?? parameter} is {PlainNumber.Format(value)}; allowed: {allowed}.");
}
