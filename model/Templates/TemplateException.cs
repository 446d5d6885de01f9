namespace HunyuanOrleans.Model.Templates;

/// <summary>
/// A chat template cannot be parsed or rendered, or refused the conversation with raise_exception. The message names the line of the
/// template and may be shown to a user as it is.
/// </summary>
public sealed class TemplateException : ModelException
{
    /// <summary>Creates the error for a line of the template.</summary>
    /// <param name="detail">What was wrong and what was expected, without the line.</param>
    /// <param name="line">Line of the template, from 1.</param>
    public TemplateException(string detail, int line)
        : base($"Chat template, line {line}: {detail}")
    {
        Detail = detail;
        Line = line;
    }

    /// <summary>The message without the line; for raise_exception exactly the text the template gave.</summary>
    public string Detail { get; }

    /// <summary>Line of the template, from 1.</summary>
    public int Line { get; }
}
