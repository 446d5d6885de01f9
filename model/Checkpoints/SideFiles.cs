namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The files of a model folder that a rewritten copy of the model takes over: tokenizer, templates, licence and all others that are not weights.</summary>
internal static class SideFiles
{
    private static readonly string[] WeightEndings = [".safetensors", ".bin", ".pt", ".pth", ".gguf", ".packed", ".part"];

    /// <summary>
    /// Lists them. config.json is not among them, because the copy has its own, and digests of the source's files do not fit the copy's.
    /// </summary>
    public static List<string> Of(string model) =>
    [
        .. Directory.EnumerateFiles(model).Where(static file =>
        {
            string name = Path.GetFileName(file);
            return name is not ("config.json" or FileSums.Name) && !name.StartsWith('.') && !name.EndsWith(".index.json", StringComparison.Ordinal) && !WeightEndings.Contains(Path.GetExtension(name));
        }),
    ];
}
