using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class TiktokenFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tokenizer-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("\n", "")]
    [InlineData("\n", "\n")]
    [InlineData("\r\n", "\r\n\r\n")]
    public void The_rank_is_the_line_not_the_number(string lineEnd, string fileEnd)
    {
        // By line, bb merges before ab. The numbers state the opposite.
        string[] lines = [.. Bytes().Select(Line), "YmI= 900", "YWI= 1", "YWJi 0"];
        File.WriteAllText(Path.Combine(_folder.FullName, "hy.tiktoken"), string.Join(lineEnd, lines) + fileEnd);
        Tokenizer tokenizer = Tokenizer.Load(_folder.FullName);
        Assert.True(Tokenizer.Exists(_folder.FullName));
        Assert.Equal(259 + 209, tokenizer.VocabularySize);
        Assert.Equal([258], tokenizer.Encode("abb"));
        Assert.Equal(['a', 258, 'b'], tokenizer.Encode("aabbb"));
        Assert.Equal([256, 256, 'a'], tokenizer.Encode("bbbba"));
        Assert.Equal([257, 'a'], tokenizer.Encode("aba"));
        Assert.Equal(259, tokenizer.SpecialId("<|endoftext|>"));
    }

    [Theory]
    [InlineData("!!!! 300", "not base64")]
    [InlineData("YWI=", "expected a token in base64, one space and a number, found 'YWI='")]
    [InlineData("YWI= ", "expected a token")]
    [InlineData("YWI= x", "expected a token")]
    [InlineData("YWI=  5", "expected a token")]
    [InlineData(" 5", "expected a token")]
    [InlineData("", "expected a token")]
    [InlineData("YQ== 256", "is on line 98 too")]
    public void A_malformed_line_is_named(string line, string expected)
    {
        string message = Assert.Throws<TextException>(() => LoadLines([.. Bytes().Select(Line), line, "enp6eg== 5"])).Message;
        Assert.Contains("hy.tiktoken, line 257:", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_single_byte_is_named()
    {
        string message = Assert.Throws<TextException>(() => LoadLines(Bytes().Where(b => b[0] != 0xAB).Select(Line))).Message;
        Assert.Contains("0xAB", message, StringComparison.Ordinal);
        Assert.Contains("0x00", Assert.Throws<TextException>(() => LoadLines([])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_is_too_long_is_rejected()
    {
        string message = Assert.Throws<TextException>(() => LoadLines([.. Bytes().Select(Line), Line(new byte[1025])])).Message;
        Assert.Contains("line 257: the token is longer than the 1024 bytes allowed", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_an_error()
    {
        Assert.False(Tokenizer.Exists(_folder.FullName));
        string message = Assert.Throws<TextException>(() => Tokenizer.Load(_folder.FullName)).Message;
        Assert.Contains("neither hy.tiktoken nor tokenizer.json", message, StringComparison.Ordinal);
        Assert.Throws<TextException>(() => Tokenizer.Load(Path.Combine(_folder.FullName, "absent")));
    }

    private static IEnumerable<byte[]> Bytes() => Enumerable.Range(0, 256).Select(value => new[] { (byte)value });

    private static string Line(byte[] token) => Convert.ToBase64String(token) + " 0";

    private Tokenizer LoadLines(IEnumerable<string> lines)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "hy.tiktoken"), string.Join('\n', lines));
        return Tokenizer.Load(_folder.FullName);
    }
}
