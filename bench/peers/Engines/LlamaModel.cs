using HunyuanOrleans.Model;
using LLama.Exceptions;
using LLama.Native;

namespace HunyuanOrleans.Bench.Peers.Engines;

/// <summary>A model in llama.cpp. <see cref="LlamaLibrary"/> must be loaded.</summary>
internal sealed class LlamaModel : IPeerModel
{
    private readonly SafeLlamaModelHandle _model;
    private readonly LlamaSettings _settings;

    private LlamaModel(SafeLlamaModelHandle model, LlamaSettings settings) => (_model, _settings) = (model, settings);

    /// <summary>Loads a GGUF file.</summary>
    /// <exception cref="ModelException">llama.cpp does not accept it.</exception>
    public static LlamaModel Load(string path, LlamaSettings settings)
    {
        LLamaModelParams parameters = LLamaModelParams.Default();
        parameters.load_mode = settings.MapFile ? LLamaLoadMode.MemoryMap : LLamaLoadMode.None;
        try
        {
            return new LlamaModel(SafeLlamaModelHandle.LoadFromFile(path, parameters), settings);
        }
        catch (LoadWeightsFailedException e)
        {
            throw new ModelException($"{path}: llama.cpp cannot load the file: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public IPeerContext CreateContext(int sequences, int positions) => new LlamaContext(_model, _settings, sequences, positions);

    /// <inheritdoc/>
    public void Run(Action work) => work();

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
