using System.Globalization;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>The Unicode data for canonical composition, read once from the resource <c>nfc.txt</c>. Immutable.</summary>
internal sealed class NfcData
{
    private const string Resource = "HunyuanOrleans.Text.Tokenization.nfc.txt";

    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<int, int[]> _decompositions = [];
    private readonly Dictionary<long, int> _compositions = [];

    // One bit per char of the basic plane: whether composition may change it or its neighbours.
    private readonly byte[] _affected = new byte[0x10000 / 8];
    private readonly HashSet<int> _affectedAbove = [];

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

        // Hangul vowels and trailing consonants compose with the code point before them.
        for (int jamo = 0x1161; jamo <= 0x11C2; jamo++)
        {
            MarkAffected(jamo);
        }
    }

    /// <summary>The only instance.</summary>
    public static NfcData Instance { get; } = new();

    /// <summary>The canonical combining class, 0 for a starter.</summary>
    public byte ClassOf(int codePoint) => codePoint < 0x300 ? (byte)0 : _classes.GetValueOrDefault(codePoint);

    /// <summary>The one or two code points that this one decomposes to in one step; null if it does not decompose.</summary>
    public int[]? Decompose(int codePoint) => _decompositions.GetValueOrDefault(codePoint);

    /// <summary>The code point that two others compose to; -1 for none. Hangul is not included.</summary>
    public int Compose(int first, int second) => _compositions.GetValueOrDefault(((long)first << 32) | (uint)second, -1);

    /// <summary>Whether text with this code point may differ from its composed form.</summary>
    public bool IsAffected(int codePoint) => codePoint < 0x10000
        ? (_affected[codePoint >> 3] & (1 << (codePoint & 7))) != 0
        : _affectedAbove.Contains(codePoint);

    private void Read(string[] fields)
    {
        int[] codes = [.. fields.Skip(1).Select((field, i) => fields[0] == "c" && i == 2
            ? int.Parse(field, CultureInfo.InvariantCulture)
            : int.Parse(field, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        if (fields[0] == "c")
        {
            for (int codePoint = codes[0]; codePoint <= codes[1]; codePoint++)
            {
                _classes.Add(codePoint, (byte)codes[2]);
                MarkAffected(codePoint);
            }

            return;
        }

        _decompositions.Add(codes[0], codes[1..]);
        if (fields[0] == "d")
        {
            MarkAffected(codes[0]);
            return;
        }

        // A composed character changes only if a mark follows it, so only the second part of its decomposition is marked as affected.
        _compositions.Add(((long)codes[1] << 32) | (uint)codes[2], codes[0]);
        MarkAffected(codes[2]);
    }

    private void MarkAffected(int codePoint)
    {
        if (codePoint < 0x10000)
        {
            _affected[codePoint >> 3] |= (byte)(1 << (codePoint & 7));
        }
        else
        {
            _affectedAbove.Add(codePoint);
        }
    }
}
