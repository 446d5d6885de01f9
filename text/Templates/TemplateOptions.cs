namespace HunyuanOrleans.Text.Templates;

/// <summary>How templates are read and what a rendering may cost. The defaults fit every published chat template.</summary>
public sealed record TemplateOptions
{
    /// <summary>The options used where none are given.</summary>
    public static TemplateOptions Default { get; } = new();

    /// <summary>
    /// Whether the first line break after a statement or comment is dropped. Default true, as Hugging Face renders chat templates;
    /// false is plain Jinja2.
    /// </summary>
    public bool TrimBlocks { get; init; } = true;

    /// <summary>
    /// Whether blanks between the start of a line and a statement or comment are dropped. Default true, as Hugging Face renders chat
    /// templates; false is plain Jinja2.
    /// </summary>
    public bool LstripBlocks { get; init; } = true;

    /// <summary>Whether a line break at the very end of the template is kept. Default false, as in Jinja2.</summary>
    public bool KeepTrailingNewline { get; init; }

    /// <summary>
    /// Most UTF-16 units a rendering, or any string made on the way, may have. Default 16,777,216 (about four million tokens). Raising
    /// it raises the memory a hostile template can take.
    /// </summary>
    public int MaxOutputChars { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// Most steps of one rendering: a step is one statement, expression, list element, or 32 characters copied. Default 10,000,000
    /// (about a second). Loops that never end stop here.
    /// </summary>
    public long MaxSteps { get; init; } = 10_000_000;

    /// <summary>
    /// Deepest nesting of statements, expressions, macro calls and values. Default 300, which needs less than half a MiB of stack;
    /// raise it only where rendering runs on larger stacks.
    /// </summary>
    public int MaxDepth { get; init; } = 300;

    /// <summary>Longest list that range() may make. Default 100,000.</summary>
    public int MaxRange { get; init; } = 100_000;

    /// <summary>Longest template source in UTF-16 units. Default 1,048,576.</summary>
    public int MaxSourceChars { get; init; } = 1024 * 1024;

    /// <summary>The clock behind strftime_now. Default the system's, in local time.</summary>
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
