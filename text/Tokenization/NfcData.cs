using System.Globalization;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>The Unicode data that canonical composition needs, read once from <c>nfc.txt</c>. Immutable.</summary>
internal sealed class NfcData
{
    private const string Resource = "HunyuanOrleans.Text.Tokenization.nfc.txt";

    private readonly Dictionary<int, byte> classes = [];
    private readonly Dictionary<int, int[]> decompositions = [];
    private readonly Dictionary<long, int> compositions = [];

    // One bit per char of the basic plane: it may change, or change its neighbours, under composition.
    private readonly byte[] affected = new byte[0x10000 / 8];
    private readonly HashSet<int> affectedAbove = [];

    private NfcData()
    {
        using Stream stream = typeof(NfcData).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is not in the assembly.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                Read(line.Split(' '));
            }
        }

        // Hangul vowels and trailing consonants compose with what is in front of them.
        for (int jamo = 0x1161; jamo <= 0x11C2; jamo++)
        {
            Mark(jamo);
        }
    }

    /// <summary>The data.</summary>
    public static NfcData Instance { get; } = new();

    /// <summary>The canonical combining class, 0 for a starter.</summary>
    public byte ClassOf(int codePoint) => codePoint < 0x300 ? (byte)0 : classes.GetValueOrDefault(codePoint);

    /// <summary>The one or two code points this one decomposes to in one step; null for none.</summary>
    public int[]? Decompose(int codePoint) => decompositions.GetValueOrDefault(codePoint);

    /// <summary>The code point two others compose to; -1 for none. Hangul is left out.</summary>
    public int Compose(int first, int second) => compositions.GetValueOrDefault(((long)first << 32) | (uint)second, -1);

    /// <summary>Whether text that holds this code point may differ from its composed form.</summary>
    public bool IsAffected(int codePoint) => codePoint < 0x10000
        ? (affected[codePoint >> 3] & (1 << (codePoint & 7))) != 0
        : affectedAbove.Contains(codePoint);

    private void Read(string[] fields)
    {
        int[] codes = [.. fields.Skip(1).Select((field, i) => fields[0] == "c" && i == 2
            ? int.Parse(field, CultureInfo.InvariantCulture)
            : int.Parse(field, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        if (fields[0] == "c")
        {
            for (int codePoint = codes[0]; codePoint <= codes[1]; codePoint++)
            {
                classes.Add(codePoint, (byte)codes[2]);
                Mark(codePoint);
            }

            return;
        }

        decompositions.Add(codes[0], codes[1..]);
        if (fields[0] == "d")
        {
            Mark(codes[0]);
            return;
        }

        // A composed character stands as it is unless a mark follows; what it is made of may compose: the second part tells.
        compositions.Add(((long)codes[1] << 32) | (uint)codes[2], codes[0]);
        Mark(codes[2]);
    }

    private void Mark(int codePoint)
    {
        if (codePoint < 0x10000)
        {
            affected[codePoint >> 3] |= (byte)(1 << (codePoint & 7));
        }
        else
        {
            affectedAbove.Add(codePoint);
        }
    }
}
