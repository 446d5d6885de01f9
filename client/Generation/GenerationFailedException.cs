using HunyuanOrleans.Contracts;

namespace HunyuanOrleans.Client;

/// <summary>The cluster could not answer, or not to the end; the request may be tried again.</summary>
public sealed class GenerationFailedException : HunyuanException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What happened, for users.</param>
    public GenerationFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    /// <param name="message">What happened, for users.</param>
    /// <param name="cause">What was seen last, for logs.</param>
    public GenerationFailedException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
