using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>
/// What a packed copy was made of, as lines of text that are stored in it and compared as a whole: the layout, the config, and every
/// file of the checkpoint by name, size, time of change and header. Hazard: a file whose weights are replaced while its size, time and
/// header stay is taken for the same.
/// </summary>
internal static class PackedKey
{
    /// <summary>Version of the packed layout. Raise it whenever the packer or the plan gives other bytes for the same checkpoint.</summary>
    public const int LayoutVersion = 1;

    // One layout serves every instruction set; a layout made for one would carry that one's name here.
    private const string Isa = "any";

    public static string Of(Weights weights, WeightPlan plan, int layoutVersion = LayoutVersion)
    {
        StringBuilder text = new();
        Line(text, $"layout {layoutVersion}");
        Line(text, $"isa {Isa}");
        Line(text, $"mode {plan.Types.Name}");
        Line(text, $"config {(File.Exists(weights.Config.Source) ? Hex(File.ReadAllBytes(weights.Config.Source)) : "none")}");
        foreach (MappedFile file in weights.Checkpoint.MappedFiles)
        {
            long header = 8 + BinaryPrimitives.ReadInt64LittleEndian(file.Slice(0, 8));
            Line(text, $"file {Path.GetFileName(file.Path)} {file.Length} {file.LastWriteTimeUtc.Ticks} {Hex(file.Slice(0, (int)header))}");
        }

        Line(text, $"plan {PlanHash(plan)}");
        return text.ToString();
    }

    /// <summary>Stands for the matrices and their places, whatever their values.</summary>
    public static string PlanHash(WeightPlan plan)
    {
        StringBuilder text = new();
        if (plan.Piece is not null)
        {
            Line(text, $"piece {plan.Piece}");
        }

        foreach (PlannedMatrix matrix in plan.Matrices)
        {
            Line(text, $"{matrix.Name} {matrix.Rows} {matrix.Columns} {matrix.Type} {matrix.Offset}");
        }

        return Hex(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>The first line in which two keys differ, for messages: how <paramref name="found"/> has it.</summary>
    public static string Difference(string expected, string found)
    {
        string[] ours = expected.Split('\n');
        string[] theirs = found.Split('\n');
        for (int i = 0; i < Math.Min(ours.Length, theirs.Length); i++)
        {
            if (ours[i] != theirs[i])
            {
                return $"\"{theirs[i]}\" instead of \"{ours[i]}\"";
            }
        }

        return "a checkpoint of more or fewer files";
    }

    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
