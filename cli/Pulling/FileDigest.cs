using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>The digest that a file's content must have.</summary>
/// <param name="Kind">How the digest is computed.</param>
/// <param name="Hex">The digest in lower-case hexadecimal digits.</param>
internal sealed record FileDigest(DigestKind Kind, string Hex)
{
    private const int Sha256Digits = 64, Sha1Digits = 40;

    /// <summary>The name of the digest in messages.</summary>
    public string Name => Kind == DigestKind.Sha256 ? "sha256" : "git blob sha1";

    /// <summary>Whether a text has the form of a digest of this kind.</summary>
    public static bool IsHex(DigestKind kind, string? text) =>
        text?.Length == (kind == DigestKind.Sha256 ? Sha256Digits : Sha1Digits) && text.All(char.IsAsciiHexDigit);

    /// <summary>Starts computing the digest of a content.</summary>
    /// <param name="size">The size of the content in bytes; a git blob's digest starts with it.</param>
    /// <returns>A hash that the caller appends the content to and disposes.</returns>
    public IncrementalHash Begin(long size)
    {
        IncrementalHash hash = IncrementalHash.CreateHash(Kind == DigestKind.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (Kind == DigestKind.GitBlob)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {size}\0")));
        }

        return hash;
    }
}
