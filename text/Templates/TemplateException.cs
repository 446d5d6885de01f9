namespace HunyuanOrleans.Text.Templates;

/// <summary>
/// A chat template cannot be parsed or rendered, or rejects the chat by calling raise_exception. The message names the line of the
/// template and may be shown to users as it is.
/// </summary>
public sealed class TemplateException : TextException
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

    /// <summary>Creates the error for a line of a template that was read from a file.</summary>
    /// <param name="detail">What was wrong and what was expected, without the line.</param>
    /// <param name="line">Line of the template, from 1.</param>
    /// <param name="file">The path of the template's file.</param>
    public TemplateException(string detail, int line, string file)
        : base($"{file}: chat template, line {line}: {detail}")
    {
        Detail = detail;
        Line = line;
    }

    /// <summary>The message without the line. For raise_exception it is exactly the text that the template passed.</summary>
    public string Detail { get; }

    /// <summary>Line of the template, from 1.</summary>
    public int Line { get; }
}
