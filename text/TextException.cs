namespace HunyuanOrleans.Text;

/// <summary>
/// A tokenizer file, a template or a chat is wrong. The message states what is wrong and what is allowed, and may be shown to users as
/// it is.
/// </summary>
public class TextException : Exception
{
    /// <summary>Creates the error.</summary>
    public TextException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause, which is for logs only.</summary>
    public TextException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The template variable of the request that is at fault; null if it is something else.</summary>
    public string? Variable { get; init; }
}
