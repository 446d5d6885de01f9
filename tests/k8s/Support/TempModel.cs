namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>A temporary model folder that contains only a config.json.</summary>
internal sealed class TempModel : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hunyuan-k8s-");

    public TempModel(string config) => File.Copy(config, System.IO.Path.Combine(Path, "config.json"));

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
