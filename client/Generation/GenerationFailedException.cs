using HunyuanOrleans.Contracts;

namespace HunyuanOrleans.Client;

/// <summary>The cluster did not answer, or the answer broke off with an error. The request may be tried again.</summary>
public sealed class GenerationFailedException : HunyuanException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What went wrong, for users.</param>
    public GenerationFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    /// <param name="message">What went wrong, for users.</param>
    /// <param name="inner">The cause.</param>
    public GenerationFailedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
