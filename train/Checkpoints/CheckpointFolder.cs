using System.Globalization;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Train.Layers;
using HunyuanOrleans.Train.Output;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Checkpoints;

/// <summary>
/// Checkpoints of a run, folders checkpoint-STEP with everything that a run needs to continue with the same bits. A folder is written under another name and
/// renamed when it is complete and on the disk, so a run that is killed while it saves leaves the checkpoints before.
/// </summary>
public static class CheckpointFolder
{
    private const string Prefix = "checkpoint-", StateName = "run_state.json", TensorName = "run_state.safetensors";

    private static readonly (string Suffix, Func<Parameter, Activation> Part)[] Parts =
    [
        ("", static parameter => parameter.Value),
        (".first_moment", static parameter => parameter.First),
        (".second_moment", static parameter => parameter.Second),
    ];

    /// <summary>The newest complete checkpoint of an output folder; null if there is none.</summary>
    public static string? Newest(string output) => All(output).LastOrDefault().Folder;

    /// <summary>Deletes all checkpoints of an output folder.</summary>
    public static void DeleteAll(string output) => All(output).ForEach(static checkpoint => OutputFiles.Delete(checkpoint.Folder));

    /// <summary>Writes a checkpoint and removes old ones.</summary>
    /// <param name="output">The output folder of the run.</param>
    /// <param name="state">The state.</param>
    /// <param name="model">Weights and moments. Adapters are also written as PEFT stores them.</param>
    /// <param name="baseModel">Folder or name of the base model.</param>
    /// <param name="limit">Checkpoints that are kept; 0 for all.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="ModelException">It cannot be written.</exception>
    public static string Write(string output, RunState state, TrainedModel model, string baseModel, int limit)
    {
        string folder = Path.Combine(output, Prefix + state.Step.ToString(CultureInfo.InvariantCulture));
        OutputFiles.WriteFolder(folder, partial =>
        {
            TensorSpec[] specs =
            [
                .. from part in Parts
                   from parameter in model.Parameters
                   select new TensorSpec(parameter.Name + part.Suffix, StoredType.F32, parameter.Shape),
            ];
            using (SafetensorsWriter writer = new(Path.Combine(partial, TensorName), specs))
            {
                foreach ((string suffix, Func<Parameter, Activation> part) in Parts)
                {
                    foreach (Parameter parameter in model.Parameters)
                    {
                        TensorFile.Write(writer, parameter.Name + suffix, part(parameter), ElementType.F32);
                    }
                }

                writer.Complete();
            }

            if (model.Lora is not null)
            {
                AdapterFolder.Write(partial, model, baseModel);
            }

            File.WriteAllText(Path.Combine(partial, StateName), state.Write());
        });
        List<(int Step, string Folder)> all = All(output);
        foreach ((_, string old) in limit > 0 ? all.Take(Math.Max(0, all.Count - limit)) : [])
        {
            OutputFiles.Delete(old);
        }

        return folder;
    }

    /// <summary>Reads the state of a checkpoint.</summary>
    /// <exception cref="ModelException">The folder is no checkpoint.</exception>
    public static RunState ReadState(string folder) => RunState.Read(Path.Combine(folder, StateName));

    /// <summary>Sets weights and moments from a checkpoint.</summary>
    /// <exception cref="ModelException">A tensor is missing or has another shape.</exception>
    public static void ReadTensors(string folder, TrainedModel model)
    {
        string path = Path.Combine(folder, TensorName);
        using MappedFile file = MappedFile.Open(path);
        Dictionary<string, TensorView> tensors = SafetensorsHeader.Read(file).ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        foreach ((string suffix, Func<Parameter, Activation> part) in Parts)
        {
            foreach (Parameter parameter in model.Parameters)
            {
                bool found = tensors.TryGetValue(parameter.Name + suffix, out TensorView? tensor);
                if (!found || !tensor!.Shape.SequenceEqual(parameter.Shape) || tensor.StoredType != StoredType.F32)
                {
                    throw new ModelException(
                        $"{path}: tensor \"{parameter.Name}{suffix}\" is missing or has another shape; the checkpoint is of another model.");
                }

                TensorFile.Read(tensor, part(parameter));
            }
        }
    }

    private static List<(int Step, string Folder)> All(string output)
    {
        List<(int Step, string Folder)> all = [];
        if (Directory.Exists(output))
        {
            foreach (string folder in Directory.GetDirectories(output, Prefix + "*"))
            {
                if (int.TryParse(Path.GetFileName(folder).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int step)
                    && File.Exists(Path.Combine(folder, StateName)))
                {
                    all.Add((step, folder));
                }
            }
        }

        all.Sort();
        return all;
    }
}
