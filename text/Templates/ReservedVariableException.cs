namespace HunyuanOrleans.Text.Templates;

/// <summary>A variable of <see cref="ChatTemplateInput.Variables"/> has a name that templates use for something else.</summary>
public sealed class ReservedVariableException : TextException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong and what is allowed, for users.</param>
    public ReservedVariableException(string message)
        : base(message)
    {
    }
}
