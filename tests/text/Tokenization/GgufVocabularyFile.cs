using System.Text;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Tests.Tokenization;

/// <summary>Writes GGUF files that have a vocabulary and no tensors.</summary>
internal sealed class GgufVocabularyFile
{
    private const uint Number = 4, Integers = 5, Text = 8, List = 9;

    /// <summary>The value of tokenizer.ggml.pre.</summary>
    public string PreTokenizer { get; set; } = "hunyuan";

    /// <summary>The tokens: all single bytes, and some that merges lead to.</summary>
    public List<string> Tokens { get; } = [.. Enumerable.Range(0, 256).Select(static b => ByteLevelAlphabet.Encode([(byte)b])), "he", "ll", "hell", "hello", "<|eos|>"];

    /// <summary>The types of the tokens.</summary>
    public List<int> Types { get; } = [.. Enumerable.Repeat(1, 260), 3];

    /// <summary>The merges.</summary>
    public List<string> Merges { get; } = ["h e", "l l", "he ll", "hell o"];

    /// <summary>The chat template; null for none.</summary>
    public string? Template { get; set; } = "{% for m in messages %}{{ m['content'] }}{{ eos_token }}{% endfor %}";

    /// <summary>The bytes of the file.</summary>
    public byte[] ToBytes()
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write(0x46554747u);
        writer.Write(3u);
        writer.Write(0UL);
        writer.Write(Template is null ? 6UL : 7UL);
        Write(writer, "tokenizer.ggml.model", Text, w => WriteText(w, "gpt2"));
        Write(writer, "tokenizer.ggml.pre", Text, w => WriteText(w, PreTokenizer));
        Write(writer, "tokenizer.ggml.tokens", List, w => WriteList(w, Text, Tokens, WriteText));
        Write(writer, "tokenizer.ggml.token_type", List, w => WriteList(w, Integers, Types, static (to, type) => to.Write(type)));
        Write(writer, "tokenizer.ggml.merges", List, w => WriteList(w, Text, Merges, WriteText));
        Write(writer, "tokenizer.ggml.eos_token_id", Number, static w => w.Write(260u));
        if (Template is not null)
        {
            Write(writer, "tokenizer.chat_template", Text, w => WriteText(w, Template));
        }

        writer.Flush();
        return stream.ToArray();
    }

    private static void Write(BinaryWriter writer, string key, uint type, Action<BinaryWriter> value)
    {
        WriteText(writer, key);
        writer.Write(type);
        value(writer);
    }

    private static void WriteList<T>(BinaryWriter writer, uint type, List<T> items, Action<BinaryWriter, T> write)
    {
        writer.Write(type);
        writer.Write((ulong)items.Count);
        items.ForEach(item => write(writer, item));
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
