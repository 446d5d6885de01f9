namespace HunyuanOrleans.Text.Templates.Jinja;

/// <summary>Counts the work of one rendering and enforces its limits. It counts steps instead of time, so that the outcome is deterministic.</summary>
internal sealed class RenderBudget(TemplateOptions options)
{
    private const int CharsPerStep = 32;

    private long _steps;
    private long _chars;
    private int _depth;

    public TemplateOptions Options => options;

    /// <summary>The line of the template that is being evaluated, from 1.</summary>
    public int Line { get; set; } = 1;

    public void Step() => Charge(1);

    public void Charge(long count)
    {
        _steps += count;
        if (_steps + (_chars / CharsPerStep) > options.MaxSteps)
        {
            throw new EvaluationException($"rendering takes more than {options.MaxSteps} steps (TemplateOptions.MaxSteps)");
        }
    }

    /// <summary>Charges for copying characters into a string.</summary>
    /// <param name="copied">The number of characters copied.</param>
    /// <param name="total">The length of the resulting string.</param>
    /// <exception cref="EvaluationException">The string or the work exceeds its limit.</exception>
    public void ChargeChars(long copied, long total)
    {
        if (total > options.MaxOutputChars)
        {
            throw new EvaluationException($"the text grows past {options.MaxOutputChars} characters (TemplateOptions.MaxOutputChars)");
        }

        _chars += copied;
        Charge(0);
    }

    /// <summary>Charges for a search of one string in another, which in the worst case takes the product of their lengths.</summary>
    public void ChargeSearch(int text, int part)
    {
        const int UnitsPerChar = 64;
        _chars += text + ((long)text * part / UnitsPerChar);
        Charge(1);
    }

    public void Enter()
    {
        if (++_depth > options.MaxDepth)
        {
            throw new EvaluationException($"nested deeper than {options.MaxDepth} levels (TemplateOptions.MaxDepth)");
        }

        Step();
    }

    public void Leave() => _depth--;
}
