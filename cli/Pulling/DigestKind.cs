namespace HunyuanOrleans.Cli.Pulling;

/// <summary>The digests hubs list.</summary>
internal enum DigestKind
{
    /// <summary>Of the content, for large files.</summary>
    Sha256,

    /// <summary>SHA-1 of a git object, for files that lie in git itself.</summary>
    GitBlob,
}
