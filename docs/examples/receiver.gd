# Receives facetracker's records in Godot 4 and turns a node with the head: attach it to a Node3D.
# docs/PROTOCOL.md of facetracker explains every field, its axes and its side.
extends Node3D

const RECORD_BYTES := 1785 # a datagram holds one record for each face
const FEATURES := [
	"eye_l", "eye_r",
	"eyebrow_steepness_l", "eyebrow_updown_l", "eyebrow_quirk_l",
	"eyebrow_steepness_r", "eyebrow_updown_r", "eyebrow_quirk_r",
	"mouth_corner_updown_l", "mouth_corner_inout_l", "mouth_corner_updown_r", "mouth_corner_inout_r",
	"mouth_open", "mouth_wide",
]

@export var port := 11573
@export var face_id := 0

var right_eye_open := 1.0
var left_eye_open := 1.0
var features := {}

var _socket := PacketPeerUDP.new()


func _ready() -> void:
	rotation_order = EULER_ORDER_ZYX
	var error := _socket.bind(port, "127.0.0.1")
	if error != OK:
		push_error("cannot listen on port %d: %s" % [port, error_string(error)])


func _process(_delta: float) -> void:
	while _socket.get_available_packet_count() > 0: # the newest one counts
		_take(_socket.get_packet())


func _take(datagram: PackedByteArray) -> void:
	if datagram.size() % RECORD_BYTES != 0:
		return
	for at in range(0, datagram.size(), RECORD_BYTES):
		if datagram.decode_s32(at + 8) == face_id:
			_show(datagram, at)


func _show(datagram: PackedByteArray, at: int) -> void:
	right_eye_open = datagram.decode_float(at + 20)
	left_eye_open = datagram.decode_float(at + 24)
	for index in FEATURES.size():
		features[FEATURES[index]] = datagram.decode_float(at + 1729 + 4 * index)
	if datagram.decode_u8(at + 28) == 0:
		return # the face is seen but its pose is not known
	# On the wire: 180 + pitch, -yaw and 90 - roll, where y points down and z away from the
	# camera. In Godot's axes, for a head that looks along +z, yaw and roll change signs.
	rotation_degrees = Vector3(
		wrapf(datagram.decode_float(at + 49) - 180.0, -180.0, 180.0),
		datagram.decode_float(at + 53),
		datagram.decode_float(at + 57) - 90.0,
	)
