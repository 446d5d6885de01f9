using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// The file SHA256SUMS of a model folder: the digests of whole files that <c>hunyuan pull</c> verified, in the format of sha256sum, so that
/// <c>sha256sum -c SHA256SUMS</c> checks them again. It does not check them itself.
/// </summary>
public static class FileSums
{
    /// <summary>The file's name.</summary>
    public const string Name = "SHA256SUMS";

    private const int HexDigits = 64;

    /// <summary>Writes digests by file name into a folder, beside those of other files that are listed there already.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="sums">SHA-256 in lower-case hexadecimal digits by path relative to the folder.</param>
    /// <exception cref="ModelException">The file cannot be read or written.</exception>
    public static void Add(string directory, IEnumerable<KeyValuePair<string, string>> sums)
    {
        Dictionary<string, string> all = Read(directory);
        foreach ((string file, string hex) in sums)
        {
            all[file] = hex;
        }

        string path = Path.Combine(directory, Name);
        try
        {
            string partial = path + ".part";
            File.WriteAllText(partial, string.Concat(all.OrderBy(static sum => sum.Key, StringComparer.Ordinal).Select(static sum => $"{sum.Value}  {sum.Key}\n")));
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>SHA-256 over the listed digests of the files that hold the weights; null if one of them is not listed.</summary>
    internal static string? DigestOfWeights(string directory)
    {
        Dictionary<string, string> all = Read(directory);
        StringBuilder text = new();
        foreach (string shard in CheckpointFiles.Find(directory).Shards)
        {
            if (!all.TryGetValue(Path.GetFileName(shard), out string? hex))
            {
                return null;
            }

            text.Append(hex).Append("  ").Append(Path.GetFileName(shard)).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    // Lines of another form, such as a comment, are passed over.
    private static Dictionary<string, string> Read(string directory)
    {
        string path = Path.Combine(directory, Name);
        Dictionary<string, string> sums = new(StringComparer.Ordinal);
        try
        {
            foreach (string line in File.Exists(path) ? File.ReadLines(path) : [])
            {
                if (line.Length > HexDigits + 2 && line.AsSpan(0, HexDigits).IndexOfAnyExcept("0123456789abcdef") < 0 && line[HexDigits] == ' ')
                {
                    sums[line[(HexDigits + 2)..]] = line[..HexDigits];
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: cannot be read: {e.Message}", e);
        }

        return sums;
    }
}
