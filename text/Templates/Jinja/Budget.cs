namespace HunyuanOrleans.Text.Templates.Jinja;

/// <summary>What one rendering has cost so far, against its limits. Counts work, never time, so that it is deterministic.</summary>
internal sealed class Budget(TemplateOptions options)
{
    private const int CharsPerStep = 32;

    private long steps;
    private long chars;
    private int depth;

    public TemplateOptions Options => options;

    /// <summary>The line of the template that is being evaluated.</summary>
    public int Line { get; set; } = 1;

    public void Step() => Charge(1);

    public void Charge(long count)
    {
        steps += count;
        if (steps + (chars / CharsPerStep) > options.MaxSteps)
        {
            throw new EvaluationError($"rendering takes more than {options.MaxSteps} steps (TemplateOptions.MaxSteps)");
        }
    }

    /// <summary>Accounts for characters that are copied into a string of the given length.</summary>
    public void ChargeChars(long copied, long total)
    {
        if (total > options.MaxOutputChars)
        {
            throw new EvaluationError($"the text grows past {options.MaxOutputChars} characters (TemplateOptions.MaxOutputChars)");
        }

        chars += copied;
        Charge(0);
    }

    /// <summary>Accounts for looking for one string in another, which takes the product of their lengths at worst.</summary>
    public void ChargeSearch(int text, int part)
    {
        const int UnitsPerChar = 64;
        chars += text + ((long)text * part / UnitsPerChar);
        Charge(1);
    }

    public void Enter()
    {
        if (++depth > options.MaxDepth)
        {
            throw new EvaluationError($"nested deeper than {options.MaxDepth} levels (TemplateOptions.MaxDepth)");
        }

        Step();
    }

    public void Leave() => depth--;
}
