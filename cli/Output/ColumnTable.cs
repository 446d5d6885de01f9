namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes rows of text in columns, each as wide as its widest cell.</summary>
internal static class ColumnTable
{
    /// <summary>Writes the rows.</summary>
    /// <param name="rows">The rows, all with the same number of cells; the first is the header.</param>
    /// <param name="firstNumericColumn">From this column on, cells are right-aligned.</param>
    /// <param name="output">Receives the lines.</param>
    public static void Write(string[][] rows, int firstNumericColumn, TextWriter output)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, column) => column < firstNumericColumn ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))));
        }
    }
}
