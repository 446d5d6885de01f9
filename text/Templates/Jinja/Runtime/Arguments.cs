using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>The evaluated arguments of a call.</summary>
internal sealed class Arguments(List<Value> positional, List<KeyValuePair<string, Value>> named)
{
    public static readonly Arguments None = new([], []);

    public List<Value> Positional => positional;

    public List<KeyValuePair<string, Value>> Named => named;

    /// <summary>Assigns the arguments to parameters. Parameters without an argument are null.</summary>
    /// <param name="owner">The function's name, for error messages.</param>
    /// <param name="required">How many of the first parameters need an argument.</param>
    /// <param name="parameters">The names of all parameters, in order.</param>
    /// <exception cref="EvaluationException">There are too many arguments, unknown names, or a required one is missing.</exception>
    public BoundArguments Bind(string owner, int required, params ReadOnlySpan<string> parameters)
    {
        Value?[] values = new Value?[parameters.Length];
        if (positional.Count > parameters.Length)
        {
            throw new EvaluationException($"{owner} takes {Describe(parameters)}, but {positional.Count} arguments are given");
        }

        for (int i = 0; i < positional.Count; i++)
        {
            values[i] = positional[i];
        }

        foreach ((string name, Value value) in named)
        {
            int index = parameters.IndexOf(name);
            if (index < 0 || values[index] is not null)
            {
                throw new EvaluationException(index < 0
                    ? $"{owner} takes {Describe(parameters)}, not '{name}'"
                    : $"{owner} is given '{name}' twice");
            }

            values[index] = value;
        }

        for (int i = 0; i < required; i++)
        {
            if (values[i] is null)
            {
                throw new EvaluationException($"{owner} needs the argument '{parameters[i]}'");
            }
        }

        return new BoundArguments(owner, values);
    }

    private static string Describe(ReadOnlySpan<string> parameters) =>
        parameters.IsEmpty ? "no arguments" : $"at most ({string.Join(", ", parameters.ToArray())})";
}
