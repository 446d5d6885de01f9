using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using Orleans.Concurrency;

namespace Orleans.Runtime;

/// <summary>What there is to know about one interface method, found once.</summary>
internal abstract class MethodPlan(MethodInfo method)
{
    private static readonly ConcurrentDictionary<MethodInfo, MethodPlan> Plans = new();

    public MethodInfo Method { get; } = method;

    public string InterfaceName { get; } = method.DeclaringType!.FullName!;

    /// <summary>As Orleans names it to filters: with its type parameters.</summary>
    public string Name { get; } = !method.IsGenericMethod ? method.Name
        : $"{method.Name}<{string.Join(", ", method.GetGenericMethodDefinition().GetGenericArguments().Select(static a => a.Name))}>";

    public bool AlwaysInterleave { get; } = method.IsDefined(typeof(AlwaysInterleaveAttribute));

    public bool ReadOnly { get; } = method.IsDefined(typeof(ReadOnlyAttribute));

    public bool OneWay { get; } = method.IsDefined(typeof(OneWayAttribute));

    public TimeSpan? ResponseTimeout { get; } = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;

    /// <summary>Whether the method belongs to the activation's enumerations rather than to the grain.</summary>
    public bool IsForStreams { get; } = method.DeclaringType == typeof(IAsyncEnumerableGrainExtension);

    /// <summary>Which argument is the cancellation token; -1 for none.</summary>
    public int TokenIndex { get; } = Array.FindIndex(method.GetParameters(), p => p.ParameterType == typeof(CancellationToken));

    public static MethodPlan Of(MethodInfo method) => Plans.GetOrAdd(method, static m => Make(m));

    /// <summary>On the caller's side: sends the call, and gives what the method's caller gets.</summary>
    public abstract object? Call(GrainReference target, CallSource source, object?[] arguments);

    /// <summary>On the callee's side: runs the method.</summary>
    public abstract Task<object?> InvokeAsync(object target, object?[] arguments);

    /// <summary>A call as a message.</summary>
    public abstract Message NewMessage(GrainReference target, CallSource source, object?[] arguments);

    /// <summary>Wraps a result for filters.</summary>
    public abstract Orleans.Serialization.Invocation.Response ResponseOf(object? result);

    private static MethodPlan Make(MethodInfo method)
    {
        var returned = method.ReturnType;
        var definition = returned.IsGenericType ? returned.GetGenericTypeDefinition() : returned;
        if (definition == typeof(IAsyncEnumerable<>)) return New(typeof(StreamPlan<>), method);
        if (definition == typeof(Task<>) || definition == typeof(ValueTask<>)) return New(typeof(MethodPlan<>), method);
        if (returned == typeof(Task) || returned == typeof(ValueTask) || returned == typeof(void)) return new MethodPlan<object>(method);
        throw new NotSupportedException(
            $"{method.DeclaringType}.{method.Name} returns {returned}: a grain method returns Task, ValueTask, Task<T>, ValueTask<T>, IAsyncEnumerable<T> or void.");
    }

    private static MethodPlan New(Type plan, MethodInfo method) =>
        (MethodPlan)Activator.CreateInstance(plan.MakeGenericType(method.ReturnType.GetGenericArguments()), method)!;

    /// <summary>A compiled call of the method, its result as it comes or, of a value task, as a task.</summary>
    protected static Func<object, object?[], object> Compile(MethodInfo method)
    {
        var target = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object[]));
        Expression call = Expression.Call(
            Expression.Convert(target, method.DeclaringType!), method,
            method.GetParameters().Select((p, i) => Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), p.ParameterType)));
        if (method.ReturnType == typeof(void)) call = Expression.Block(call, Expression.Constant(Task.CompletedTask));
        else if (method.ReturnType.IsValueType) call = Expression.Call(call, nameof(ValueTask.AsTask), null);
        return Expression.Lambda<Func<object, object?[], object>>(call, target, arguments).Compile();
    }
}

/// <summary>A method that gives one <typeparamref name="T"/>, or nothing (then T is object).</summary>
internal sealed class MethodPlan<T>(MethodInfo method) : MethodPlan(method)
{
    private readonly Func<object, object?[], object> _invoke = Compile(method);

    public override object? Call(GrainReference target, CallSource source, object?[] arguments)
    {
        var answer = source.OutgoingFilters.Length == 0 ? Send(target, source, arguments) : SendFilteredAsync(target, source, arguments);
        var returned = Method.ReturnType;
        return returned == typeof(void) ? null
            : !returned.IsValueType ? answer
            : returned == typeof(ValueTask) ? new ValueTask(answer)
            : new ValueTask<T>(answer);
    }

    public override async Task<object?> InvokeAsync(object target, object?[] arguments)
    {
        var answer = (Task)_invoke(target, arguments);
        if (answer is Task<T> typed && Method.ReturnType.IsGenericType) return await typed;
        await answer;
        return null;
    }

    public override Message NewMessage(GrainReference target, CallSource source, object?[] arguments) => new Message<T>(this, target, source, arguments);

    public override Orleans.Serialization.Invocation.Response ResponseOf(object? result) =>
        Orleans.Serialization.Invocation.Response.FromResult((T?)result);

    private Task<T> Send(GrainReference target, CallSource source, object?[] arguments)
    {
        var message = new Message<T>(this, target, source, arguments);
        source.Send(message);
        return message.Answer;
    }

    private async Task<T> SendFilteredAsync(GrainReference target, CallSource source, object?[] arguments)
    {
        var call = new OutgoingCall(this, target, source, arguments);
        await call.Invoke();
        return call.Response!.GetResult<T>();
    }
}

/// <summary>A method that gives many <typeparamref name="T"/> one after the other.</summary>
internal sealed class StreamPlan<T>(MethodInfo method) : MethodPlan(method)
{
    private readonly Func<object, object?[], object> _invoke = Compile(method);

    public override object? Call(GrainReference target, CallSource source, object?[] arguments) => new GrainStream<T>(this, target, source, arguments);

    public IAsyncEnumerable<T> Enumerate(object target, object?[] arguments) => (IAsyncEnumerable<T>)_invoke(target, arguments);

    // An enumeration is started, read and ended by calls of its own: IAsyncEnumerableGrainExtension.
    public override Task<object?> InvokeAsync(object target, object?[] arguments) => throw new NotSupportedException();

    public override Message NewMessage(GrainReference target, CallSource source, object?[] arguments) => throw new NotSupportedException();

    public override Orleans.Serialization.Invocation.Response ResponseOf(object? result) => throw new NotSupportedException();
}
