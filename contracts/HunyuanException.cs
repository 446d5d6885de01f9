namespace HunyuanOrleans.Contracts;

/// <summary>Base class of the errors of requests and of clients. The message is for users: it says what went wrong and, for wrong input, what is allowed.</summary>
public class HunyuanException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What went wrong, for users.</param>
    public HunyuanException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause.</summary>
    /// <param name="message">What went wrong, for users.</param>
    /// <param name="inner">The cause.</param>
    public HunyuanException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
