namespace HunyuanOrleans.Model;

/// <summary>
/// Something the user gave (a model folder, a config, a template, a prompt) is wrong. The message alone says what was wrong and what
/// is allowed, and may be shown to a user as it is.
/// </summary>
public class ModelException : Exception
{
    /// <summary>Creates the error.</summary>
    public ModelException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its cause, which is for logs only.</summary>
    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
