namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Reads the normalizer, pre_tokenizer and decoder of <c>tokenizer.json</c>. Knows nothing of vocabularies.</summary>
internal static class PreTokenizerJson
{
    // What ByteLevel splits by when it is not told to leave that to others.
    private const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Whether text is normalised to form C, and the splits in their order.</summary>
    /// <exception cref="TextException">A component is not supported.</exception>
    public static (bool Normalize, IReadOnlyList<IPieceSplitter> Splitters) Read(JsonReading root)
    {
        bool normalize = false;
        foreach (JsonReading normalizer in Flatten(root.OptionalObject("normalizer"), "normalizers"))
        {
            normalize = Type(normalizer) == "NFC" ? true : throw Unsupported(normalizer, "NFC, alone or in a Sequence");
        }

        var splitters = new List<IPieceSplitter>();
        bool byteLevel = false;
        foreach (JsonReading step in Flatten(root.OptionalObject("pre_tokenizer"), "pretokenizers"))
        {
            if (byteLevel)
            {
                throw Unsupported(step, "nothing after ByteLevel");
            }

            switch (Type(step))
            {
                case "Split":
                    splitters.Add(Split(step));
                    break;
                case "ByteLevel":
                    byteLevel = true;
                    if (step.Flag("add_prefix_space", otherwise: true))
                    {
                        throw step.Refuse("add_prefix_space true", "false");
                    }

                    if (step.Flag("use_regex", otherwise: true))
                    {
                        splitters.Add(Splitter(step, ByteLevelPattern, dropUnmatched: false));
                    }

                    break;
                default:
                    throw Unsupported(step, "Split and ByteLevel, alone or in a Sequence");
            }
        }

        return byteLevel
            ? (normalize, splitters)
            : throw root.Refuse("a pre_tokenizer without ByteLevel", "Split and ByteLevel, alone or in a Sequence");
    }

    /// <summary>Makes sure that decoding is joining bytes.</summary>
    /// <exception cref="TextException">It is not.</exception>
    public static void RequireByteLevelDecoder(JsonReading root)
    {
        foreach (JsonReading decoder in Flatten(root.OptionalObject("decoder"), "decoders"))
        {
            if (Type(decoder) != "ByteLevel")
            {
                throw Unsupported(decoder, "ByteLevel");
            }
        }
    }

    private static IPieceSplitter Split(JsonReading step)
    {
        JsonReading pattern = step.Object("pattern");
        string text = pattern.Text("Regex", otherwise: string.Empty);
        if (text.Length == 0)
        {
            throw pattern.Refuse(pattern.Element.GetRawText(), "a Regex");
        }

        bool invert = step.Flag("invert", otherwise: false);
        return (step.Text("behavior", otherwise: string.Empty), invert) switch
        {
            ("Isolated", _) => Splitter(step, text, dropUnmatched: false),
            ("Removed", true) => Splitter(step, text, dropUnmatched: true),
            var (behavior, _) => throw step.Refuse($"behavior '{behavior}' with invert {invert}", "Isolated, or Removed with invert true"),
        };
    }

    private static IPieceSplitter Splitter(JsonReading step, string pattern, bool dropUnmatched)
    {
        // The scanner leaves nothing unmatched, so what would become of that makes no difference.
        if (pattern == HunyuanSplitter.Pattern)
        {
            return new HunyuanSplitter();
        }

        try
        {
            return new PatternSplitter(PatternParser.Parse(pattern), dropUnmatched);
        }
        catch (TextException e)
        {
            throw new TextException($"{step.Path}: {step.Name}: {e.Message}", e);
        }
    }

    // A component, or the members of a Sequence, which may nest.
    private static IEnumerable<JsonReading> Flatten(JsonReading? component, string members)
    {
        if (component is null)
        {
            return [];
        }

        return Type(component) == "Sequence" ? component.Items(members).SelectMany(item => Flatten(item, members)) : [component];
    }

    private static string Type(JsonReading component) => component.Text("type", otherwise: string.Empty);

    private static TextException Unsupported(JsonReading component, string allowed) =>
        component.Refuse($"type '{Type(component)}'", allowed);
}
