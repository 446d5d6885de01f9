namespace HunyuanOrleans.Cli.Output;

/// <summary>A table of names and values in two aligned columns, written as plain text.</summary>
internal sealed class FactTable
{
    private readonly List<(string Name, string Value)> _rows = [];

    /// <summary>Adds a row, unless the value is null.</summary>
    public FactTable Add(string name, string? value)
    {
        if (value is not null)
        {
            _rows.Add((name, value));
        }

        return this;
    }

    /// <summary>Writes all rows.</summary>
    public void WriteTo(TextWriter output)
    {
        int width = _rows.Count == 0 ? 0 : _rows.Max(row => row.Name.Length);
        foreach ((string name, string value) in _rows)
        {
            output.WriteLine($"{name.PadRight(width)}  {value}");
        }
    }
}
