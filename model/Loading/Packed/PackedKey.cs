using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Loading.Packed;

/// <summary>
/// Identifies the weights in a packed copy by lines of text that are stored in the copy and compared as a whole: the layout, the config,
/// and the name, size, write time and header of every checkpoint file. Hazard: if the weights in a file change but its size, write time
/// and header do not, the old copy is still used.
/// </summary>
internal static class PackedKey
{
    /// <summary>
    /// Version of the packed layout. Increment it whenever the packer or the plan produces different bytes for the same checkpoint.
    /// </summary>
    public const int LayoutVersion = 2;

    // All instruction sets share one layout. A layout for one instruction set would have its name here.
    private const string Isa = "any";

    public static string Of(Weights weights, WeightPlan plan, int layoutVersion = LayoutVersion)
    {
        StringBuilder text = new();
        Line(text, $"layout {layoutVersion}");
        Line(text, $"isa {Isa}");
        Line(text, $"mode {plan.Types.Name}");
        bool isFile = weights.Checkpoint.MappedFiles.Any(file => file.Path == weights.Config.Source);
        Line(text, $"config {(isFile ? "in the file" : File.Exists(weights.Config.Source) ? Hex(File.ReadAllBytes(weights.Config.Source)) : "none")}");
        foreach (MappedFile file in weights.Checkpoint.MappedFiles)
        {
            Line(text, $"file {Path.GetFileName(file.Path)} {file.Length} {file.LastWriteTimeUtc.Ticks} {Hex(file.Slice(0, (int)file.HeaderBytes))}");
        }

        Line(text, $"plan {PlanHash(plan)}");
        return text.ToString();
    }

    /// <summary>A hash of the names, shapes, types and offsets of a plan's matrices, without their values.</summary>
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

    /// <summary>Describes the first line in which two keys differ, for messages.</summary>
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
