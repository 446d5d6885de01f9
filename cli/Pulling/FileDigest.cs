using System.Security.Cryptography;
using System.Text;

namespace HunyuanOrleans.Cli.Pulling;

/// <summary>The digest a file's content must have. It does not know where the content comes from.</summary>
/// <param name="Kind">How it is computed.</param>
/// <param name="Hex">Its lower-case hexadecimal digits.</param>
internal sealed record FileDigest(DigestKind Kind, string Hex)
{
    private const int Sha256Digits = 64, Sha1Digits = 40;

    /// <summary>Its name in messages.</summary>
    public string Name => Kind == DigestKind.Sha256 ? "sha256" : "git blob sha1";

    /// <summary>Whether a text could be a digest of a kind.</summary>
    public static bool IsHex(DigestKind kind, string? text) =>
        text?.Length == (kind == DigestKind.Sha256 ? Sha256Digits : Sha1Digits) && text.All(char.IsAsciiHexDigit);

    /// <summary>Begins the digest of a content.</summary>
    /// <param name="size">Bytes it will have, which git's digests begin with.</param>
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
