using System.Globalization;

namespace HunyuanOrleans.Bench.Devices;

/// <summary>The options of a benchmark's command line: flags such as --all, and values such as --chunk 64.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _flags = new(StringComparer.Ordinal);

    /// <summary>Reads the options.</summary>
    /// <param name="arguments">What follows the name of the benchmark.</param>
    /// <param name="flags">Options without a value.</param>
    /// <param name="values">Options with a value.</param>
    /// <exception cref="ArgumentException">There is another option, or a value is missing.</exception>
    public Arguments(ReadOnlySpan<string> arguments, string[] flags, string[] values)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            if (flags.Contains(arguments[i]))
            {
                _flags.Add(arguments[i]);
            }
            else if (values.Contains(arguments[i]) && i + 1 < arguments.Length)
            {
                _values[arguments[i]] = arguments[++i];
            }
            else
            {
                throw new ArgumentException($"{arguments[i]} is not an option or has no value; allowed: {string.Join(", ", [.. flags, .. values.Select(static v => v + " VALUE")])}.");
            }
        }
    }

    /// <summary>Whether a flag is set.</summary>
    public bool Has(string flag) => _flags.Contains(flag);

    /// <summary>A value; null if it is not set.</summary>
    public string? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>A value that must be set.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public string Get(string name) => Find(name) ?? throw new ArgumentException($"{name} is missing.");

    /// <summary>A number.</summary>
    /// <exception cref="ArgumentException">The value is no number, or a negative one.</exception>
    public double Number(string name, double otherwise) => Find(name) is not { } text
        ? otherwise
        : double.TryParse(text, CultureInfo.InvariantCulture, out double value) && value >= 0
            ? value
            : throw new ArgumentException($"{name} is {text}; allowed: a number that is not negative.");

    /// <summary>An integer.</summary>
    /// <exception cref="ArgumentException">The value is no integer, or outside the limits.</exception>
    public int Integer(string name, int otherwise, int min, int max) => Find(name) is not { } text
        ? otherwise
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max
            ? value
            : throw new ArgumentException($"{name} is {text}; allowed: an integer {(max == int.MaxValue ? $"of at least {min}" : $"from {min} to {max}")}.");

    /// <summary>Checks that at most one of some options is given.</summary>
    /// <exception cref="ArgumentException">Two are.</exception>
    public void AllowOneOf(params ReadOnlySpan<string> names)
    {
        string? first = null;
        foreach (string name in names)
        {
            if (!Has(name) && Find(name) is null)
            {
                continue;
            }

            if (first is not null)
            {
                throw new ArgumentException($"{first} and {name} exclude each other.");
            }

            first = name;
        }
    }

    /// <summary>A list of integers with commas between them.</summary>
    /// <exception cref="ArgumentException">A part of the value is no integer.</exception>
    public int[] Integers(string name, params int[] otherwise) => Find(name) is not { } text
        ? otherwise
        : [.. text.Split(',').Select(part => int.TryParse(part, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new ArgumentException($"{name} is {text}; allowed: integers with commas between them."))];
}
