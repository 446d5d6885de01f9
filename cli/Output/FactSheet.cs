namespace HunyuanOrleans.Cli.Output;

/// <summary>Names and values in two aligned columns; plain text, so it reads the same in a pipe.</summary>
internal sealed class FactSheet
{
    private readonly List<(string Name, string Value)> _rows = [];

    /// <summary>Adds a row; a null value adds none.</summary>
    public FactSheet Add(string name, string? value)
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
