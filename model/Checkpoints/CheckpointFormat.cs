namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The formats of files with weights.</summary>
internal enum CheckpointFormat
{
    /// <summary>safetensors.</summary>
    Safetensors,

    /// <summary>Files that PyTorch's save wrote.</summary>
    PyTorch,

    /// <summary>GGUF, whose names are those of llama.cpp.</summary>
    Gguf,
}
