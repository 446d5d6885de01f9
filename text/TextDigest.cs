using System.Security.Cryptography;
using HunyuanOrleans.Gguf;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text;

/// <summary>
/// Digests of the files between text and token ids. Two processes whose digests are equal encode every text and every chat alike. It reads the files
/// and does not check that they are valid.
/// </summary>
/// <param name="Tokenizer">SHA-256 of the tokenizer's file in lower-case hexadecimal digits; <see cref="None"/> if the folder has no tokenizer.</param>
/// <param name="ChatTemplate">SHA-256 of the chat template and of the special tokens that it may use.</param>
public sealed record TextDigest(string Tokenizer, string ChatTemplate)
{
    /// <summary>Stands for the digest of a file that does not exist.</summary>
    public const string None = "none";

    /// <summary>Computes the digests of a model folder.</summary>
    /// <exception cref="TextException">A file cannot be read, or a JSON file is not valid.</exception>
    public static TextDigest Of(string directory)
    {
        string tiktoken = Path.Combine(directory, TiktokenFile.Name), json = Path.Combine(directory, TokenizerJson.Name);
        return new TextDigest(
            File.Exists(tiktoken) ? OfFile(tiktoken) : File.Exists(json) ? OfFile(json) : GgufTokenizer.Find(directory) is { } header ? OfHeader(header) : None,
            ChatTemplateLoader.Digest(directory));
    }

    // The vocabulary is in the header.
    private static string OfHeader(GgufHeader header)
    {
        try
        {
            using FileStream file = File.OpenRead(header.Path);
            byte[] bytes = new byte[Math.Min(header.DataOffset, file.Length)];
            file.ReadExactly(bytes);
            return Convert.ToHexStringLower(SHA256.HashData(bytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TextException($"{header.Path}: cannot be read: {e.Message}", e);
        }
    }

    private static string OfFile(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TextException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
