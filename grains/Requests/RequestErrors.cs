using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Devices;

namespace HunyuanOrleans.Grains.Requests;

/// <summary>Errors of requests that several grains return, with the same wording.</summary>
internal static class RequestErrors
{
    /// <summary>The error of a model that the cluster does not have; null if it has it.</summary>
    public static RequestError? UnknownModel(ModelHosts hosts, string model) => hosts.Knows(model)
        ? null
        : new RequestError("model", $"model is \"{model}\"; allowed: {string.Join(", ", hosts.All.Select(static host => host.Settings.Name))}.", false);

    /// <summary>The error of an adapter that the scheduler's version cannot use.</summary>
    public static RequestError NoAdapters(string adapter) =>
        new("model", $"The adapter '{adapter}' cannot be used: the silo that schedules the model has a version without adapters.", false);

    /// <summary>The error of a text for a model without a tokenizer.</summary>
    public static RequestError NoText(string model) =>
        new("model", $"Model {model} has no tokenizer; allowed: prompts of token ids, and answers without text.", false);
}
