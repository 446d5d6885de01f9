namespace HunyuanOrleans.Text.Templates;

/// <summary>Controls the parsing of templates and limits the cost of rendering. The defaults suit every published chat template.</summary>
public sealed record TemplateOptions
{
    /// <summary>The default options.</summary>
    public static TemplateOptions Default { get; } = new();

    /// <summary>
    /// Whether the first line break after a statement or comment is removed. Default true, as Hugging Face renders chat templates; false is
    /// the default of Jinja2.
    /// </summary>
    public bool TrimBlocks { get; init; } = true;

    /// <summary>
    /// Whether white space between the start of a line and a statement or comment is removed. Default true, as Hugging Face renders chat
    /// templates; false is the default of Jinja2.
    /// </summary>
    public bool LstripBlocks { get; init; } = true;

    /// <summary>Whether a line break at the very end of the template is kept. Default false, as in Jinja2.</summary>
    public bool KeepTrailingNewline { get; init; }

    /// <summary>
    /// The maximum length, in UTF-16 code units, of the result and of every intermediate string. Default 16,777,216 (about four million
    /// tokens). A higher limit lets a hostile template allocate more memory.
    /// </summary>
    public int MaxOutputChars { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// The maximum number of steps of one rendering. A step is one statement, expression, list element, or 32 copied characters. Default
    /// 10,000,000 (about a second). The limit ends infinite loops.
    /// </summary>
    public long MaxSteps { get; init; } = 10_000_000;

    /// <summary>
    /// The maximum nesting of statements, expressions, macro calls and values. Default 300, which needs less than half a MiB of stack.
    /// Raise it only if rendering runs on larger stacks.
    /// </summary>
    public int MaxDepth { get; init; } = 300;

    /// <summary>The maximum length of the list that range() returns. Default 100,000.</summary>
    public int MaxRange { get; init; } = 100_000;

    /// <summary>The maximum length of the template's source in UTF-16 code units. Default 1,048,576.</summary>
    public int MaxSourceChars { get; init; } = 1024 * 1024;

    /// <summary>The clock of strftime_now. Default: the system's clock, in local time.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        Check(MaxOutputChars, nameof(MaxOutputChars));
        Check(MaxSteps, nameof(MaxSteps));
        Check(MaxDepth, nameof(MaxDepth));
        Check(MaxRange, nameof(MaxRange));
        Check(MaxSourceChars, nameof(MaxSourceChars));
    }

    private static void Check(long value, string name)
    {
        if (value < 1)
        {
            throw new ArgumentOutOfRangeException(name, value, $"TemplateOptions.{name} must be at least 1.");
        }
    }
}
