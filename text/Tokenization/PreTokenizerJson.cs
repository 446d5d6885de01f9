namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Reads the normalizer, pre_tokenizer and decoder of <c>tokenizer.json</c>.</summary>
internal static class PreTokenizerJson
{
    // The pattern of ByteLevel if use_regex is true.
    private const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Reads whether text is normalised to form C, and the pre-tokenizers in order.</summary>
    /// <exception cref="TextException">A component is not supported.</exception>
    public static (bool Normalize, IReadOnlyList<IPreTokenizer> PreTokenizers) Read(JsonElementReader root)
    {
        bool normalize = false;
        foreach (JsonElementReader normalizer in Flatten(root.OptionalObject("normalizer"), "normalizers"))
        {
            normalize = Type(normalizer) == "NFC" ? true : throw Unsupported(normalizer, "NFC, alone or in a Sequence");
        }

        var preTokenizers = new List<IPreTokenizer>();
        bool byteLevel = false;
        foreach (JsonElementReader step in Flatten(root.OptionalObject("pre_tokenizer"), "pretokenizers"))
        {
            if (byteLevel)
            {
                throw Unsupported(step, "nothing after ByteLevel");
            }

            switch (Type(step))
            {
                case "Split":
                    preTokenizers.Add(ReadSplit(step));
                    break;
                case "ByteLevel":
                    byteLevel = true;
                    if (step.Flag("add_prefix_space", otherwise: true))
                    {
                        throw step.Unsupported("add_prefix_space true", "false");
                    }

                    if (step.Flag("use_regex", otherwise: true))
                    {
                        preTokenizers.Add(CreatePreTokenizer(step, ByteLevelPattern, dropUnmatched: false));
                    }

                    break;
                default:
                    throw Unsupported(step, "Split and ByteLevel, alone or in a Sequence");
            }
        }

        return byteLevel
            ? (normalize, preTokenizers)
            : throw root.Unsupported("a pre_tokenizer without ByteLevel", "Split and ByteLevel, alone or in a Sequence");
    }

    /// <summary>Checks that decoding only joins bytes.</summary>
    /// <exception cref="TextException">The decoder is another one.</exception>
    public static void RequireByteLevelDecoder(JsonElementReader root)
    {
        foreach (JsonElementReader decoder in Flatten(root.OptionalObject("decoder"), "decoders"))
        {
            if (Type(decoder) != "ByteLevel")
            {
                throw Unsupported(decoder, "ByteLevel");
            }
        }
    }

    private static IPreTokenizer ReadSplit(JsonElementReader step)
    {
        JsonElementReader pattern = step.Object("pattern");
        string text = pattern.Text("Regex", otherwise: string.Empty);
        if (text.Length == 0)
        {
            throw pattern.Unsupported(pattern.Element.GetRawText(), "a Regex");
        }

        bool invert = step.Flag("invert", otherwise: false);
        return (step.Text("behavior", otherwise: string.Empty), invert) switch
        {
            ("Isolated", _) => CreatePreTokenizer(step, text, dropUnmatched: false),
            ("Removed", true) => CreatePreTokenizer(step, text, dropUnmatched: true),
            var (behavior, _) => throw step.Unsupported($"behavior '{behavior}' with invert {invert}", "Isolated, or Removed with invert true"),
        };
    }

    private static IPreTokenizer CreatePreTokenizer(JsonElementReader step, string pattern, bool dropUnmatched)
    {
        // The scanner matches all text, so dropUnmatched makes no difference.
        if (pattern == HunyuanPreTokenizer.Pattern)
        {
            return new HunyuanPreTokenizer();
        }

        try
        {
            return new PatternPreTokenizer(PatternParser.Parse(pattern), dropUnmatched);
        }
        catch (TextException e)
        {
            throw new TextException($"{step.Path}: {step.Name}: {e.Message}", e);
        }
    }

    // The component itself, or the members of a Sequence, which may be nested.
    private static IEnumerable<JsonElementReader> Flatten(JsonElementReader? component, string members)
    {
        if (component is null)
        {
            return [];
        }

        return Type(component) == "Sequence" ? component.Items(members).SelectMany(item => Flatten(item, members)) : [component];
    }

    private static string Type(JsonElementReader component) => component.Text("type", otherwise: string.Empty);

    private static TextException Unsupported(JsonElementReader component, string allowed) =>
        component.Unsupported($"type '{Type(component)}'", allowed);
}
