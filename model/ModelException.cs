namespace HunyuanOrleans.Model;

/// <summary>
/// An input from the user (a model folder, a config, an option, a token id) is invalid. The message says what is wrong and what is
/// allowed, and can be shown to the user unchanged.
/// </summary>
public class ModelException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ModelException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its cause. The cause is meant for logs, not for users.</summary>
    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
