using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

/// <summary>Tokenizers and templates of GGUF files.</summary>
public sealed class GgufTokenizerTests : IDisposable
{
    private readonly TempFolder _temp = new();

    private string File => _temp.File("model.gguf");

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void The_vocabulary_of_a_file_encodes_and_decodes()
    {
        Write(new GgufVocabularyFile());
        Tokenizer tokenizer = Tokenizer.Load(File);
        Assert.Equal([259, ' ', 258], tokenizer.Encode("hello hell"));
        Assert.Equal("hello é", tokenizer.Decode(tokenizer.Encode("hello é")));
        Assert.Equal([260], tokenizer.Encode("<|eos|>", parseSpecial: true));
        Assert.True(tokenizer.Encode("<|eos|>").Length > 1);
        Assert.True(tokenizer.IsSpecial(260));
        Assert.True(Tokenizer.Exists(File));
        Assert.True(Tokenizer.Exists(_temp.Root));
    }

    [Theory]
    [InlineData("hunyuan", "12345", 5)]
    [InlineData("hunyuan-dense", "12345", 5)]
    public void Both_pre_tokenizers_are_known(string name, string text, int tokens)
    {
        Write(new GgufVocabularyFile { PreTokenizer = name });
        Assert.Equal(tokens, Tokenizer.Load(File).Encode(text).Length);
    }

    [Fact]
    public void The_template_of_a_file_has_its_special_tokens()
    {
        Write(new GgufVocabularyFile());
        Assert.Equal("hi<|eos|>", ChatTemplate.Load(File).Render(new ChatTemplateInput { Messages = [new ChatMessage("user", "hi")] }));
        Write(new GgufVocabularyFile { Template = null });
        Assert.Equal("built in", ChatTemplate.Load(File).Origin);
        Assert.NotEqual(TextDigest.None, TextDigest.Of(File).Tokenizer);
    }

    [Fact]
    public void A_vocabulary_survives_the_way_through_tokenizer_json()
    {
        Write(new GgufVocabularyFile());
        string folder = _temp.File("folder");
        Directory.CreateDirectory(folder);
        TokenizerJsonWriter.Write(File, folder);
        Vocabulary before = Vocabulary.Of(Tokenizer.Load(File)), after = Vocabulary.Of(Tokenizer.Load(folder));
        Assert.Equal(before.Tokens, after.Tokens);
        Assert.Equal(before.Kinds, after.Kinds);
        Assert.Equal(before.Merges, after.Merges);
        Assert.Equal("hi<|eos|>", ChatTemplate.Load(folder).Render(new ChatTemplateInput { Messages = [new ChatMessage("user", "hi")] }));
    }

    [Fact]
    public void Wrong_vocabularies_are_named()
    {
        Refused(new GgufVocabularyFile { PreTokenizer = "llama-bpe" }, "'llama-bpe'", "hunyuan-dense");
        GgufVocabularyFile types = new();
        types.Types.RemoveAt(0);
        Refused(types, "261 tokens and 260 types");
        GgufVocabularyFile merge = new();
        merge.Merges.Add("h nothing");
        Refused(merge, "merge 4");
        GgufVocabularyFile twice = new();
        twice.Tokens[257] = "he";
        Refused(twice, "token 257", "another token");
        GgufVocabularyFile lacking = new();
        lacking.Types[65] = 5;
        Refused(lacking, "0x41");
    }

    [Fact]
    public void Damaged_files_are_refused_or_read()
    {
        byte[] original = new GgufVocabularyFile().ToBytes();
        Random random = new(5);
        int refused = 0;
        for (int round = 0; round < 1000; round++)
        {
            byte[] bytes = [.. original];
            int at = random.Next(bytes.Length);
            bytes[at] = (byte)random.Next(256);
            System.IO.File.WriteAllBytes(File, random.Next(4) == 0 ? bytes[..at] : bytes);
            try
            {
                Tokenizer.Load(File).Encode("hello");
                ChatTemplate.Load(File);
            }
            catch (TextException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 200, 1000);
    }

    private void Write(GgufVocabularyFile file) => System.IO.File.WriteAllBytes(File, file.ToBytes());

    private void Refused(GgufVocabularyFile file, params string[] parts)
    {
        Write(file);
        TextException error = Assert.Throws<TextException>(() => Tokenizer.Load(File));
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }
}
