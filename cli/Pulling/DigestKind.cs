namespace HunyuanOrleans.Cli.Pulling;

/// <summary>The kinds of digest that a hub lists for a file.</summary>
internal enum DigestKind
{
    /// <summary>SHA-256 of the content, for large files.</summary>
    Sha256,

    /// <summary>SHA-1 of the git blob object, for files stored in the git repository itself.</summary>
    GitBlob,
}
